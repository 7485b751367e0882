# One image for every process of Hearth; the argument says which:
#   docker run … hearth services.moderation          docker run … hearth deploy.local.prepare
# BASE_IMAGE is any Linux with Python 3.11 or newer as `python3` and its venv module.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /build
COPY requirements.txt .
RUN python3 -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes --requirement requirements.txt \
    && /venv/bin/python -m pip uninstall --yes --quiet setuptools pip
COPY . /app
RUN rm /app/requirements.txt && /venv/bin/python -m compileall -q /app /venv

FROM ${BASE_IMAGE}
COPY --from=build /venv /venv
COPY --from=build /app /app
# HOME: this user has no entry in the image's user list, and nothing to keep.
ENV PATH=/venv/bin:${PATH} \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /app
USER 10001:10001
ENTRYPOINT ["/venv/bin/python", "-m"]
CMD ["services.moderation"]
