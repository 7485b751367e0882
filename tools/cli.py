"""The `hearth` command: one line here for each subcommand, each in a module of its own."""

import typer

from tools.metrics_command import metrics
from tools.stack import doctor, down, up
from tools.status import status

app = typer.Typer(
    name="hearth",
    help="Runs online communities: moderation, engagement, rewards and reporting.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("up")(up)
app.command("down")(down)
app.command("status")(status)
app.command("doctor")(doctor)
app.command("metrics")(metrics)


def main() -> None:
    """Entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()
