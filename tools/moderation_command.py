"""`hearth moderation`: what operators do with rules from a terminal."""

import typer

from tools import policy_command

app = typer.Typer(help="Moderation: rules as data.", no_args_is_help=True)
app.add_typer(policy_command.app, name="policy")
