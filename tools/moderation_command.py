"""`hearth moderation`: rules before they judge anybody, and the spam classifier."""

import typer

from tools import policy_command
from tools.backtest_command import backtest
from tools.check_command import check
from tools.train_command import train

app = typer.Typer(help="Rules before they judge anybody, and the spam classifier.", no_args_is_help=True)
app.add_typer(policy_command.app, name="policy")
app.command("check")(check)
app.command("backtest")(backtest)
app.command("train")(train)
