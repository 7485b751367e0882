"""`python -m services.moderation.training`: trains the shipped model, writes `samples/model.json`."""

import base64
import json

from services.moderation.training.fit import fit
from services.moderation.training.samples import SHIPPED, distinct, shipped_samples


def main() -> None:
    """Write the file; equal samples give an equal file."""
    trained = fit(*distinct([shipped_samples()]))
    model = trained.model
    told = {
        "metrics": trained.metrics,
        "slope": model.slope,
        "intercept": model.intercept,
        "weights": base64.b64encode(model.linear.pack()).decode(),
    }
    (SHIPPED / "model.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(trained.metrics))


if __name__ == "__main__":
    main()
