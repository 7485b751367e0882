"""`hearth moderation`: rules before they judge anybody, and the spam classifier."""

import typer

from tools.train_command import train

app = typer.Typer(help="Rules before they judge anybody, and the spam classifier.", no_args_is_help=True)
app.command("train")(train)


@app.callback()
def moderation() -> None:
    """Keeps subcommands subcommands, however many there are."""
