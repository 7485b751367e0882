"""The `hearth` command: one line here for each subcommand, each in a module of its own."""

import typer

from tools import (
    community_command,
    dead_letters_command,
    engagement_command,
    moderation_command,
    rewards_command,
)
from tools.advance_command import advance
from tools.connect_command import connect
from tools.connectors_command import connectors
from tools.demo import demo
from tools.import_command import import_history
from tools.metrics_command import metrics
from tools.report_command import forget, report
from tools.simulate_command import simulate_community
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
app.command("connectors")(connectors)
app.command("connect")(connect)
app.command("metrics")(metrics)
app.command("report")(report)
app.command("forget")(forget)
app.command("demo")(demo)
app.command("import")(import_history)
app.command("simulate")(simulate_community)
app.command("advance")(advance)
app.add_typer(community_command.app, name="community")
app.add_typer(dead_letters_command.app, name="dead-letters")
app.add_typer(moderation_command.app, name="moderation")
app.add_typer(engagement_command.app, name="engagement")
app.add_typer(rewards_command.app, name="rewards")


def main() -> None:
    """Entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()
