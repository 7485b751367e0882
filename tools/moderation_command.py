"""`hearth moderation`: rules tried on texts and on records, before they judge anybody."""

import typer

from tools.backtest_command import backtest
from tools.check_command import check

app = typer.Typer(help="Rules, tried before they judge anybody.", no_args_is_help=True)
app.command("check")(check)
app.command("backtest")(backtest)
