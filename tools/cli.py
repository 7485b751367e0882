"""The `hearth` command: one line here for each subcommand, each in a module of its own."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

SUBCOMMANDS = {
    "up": "tools.stack:up",
    "down": "tools.stack:down",
    "status": "tools.status:status",
    "doctor": "tools.stack:doctor",
    "connectors": "tools.connectors_command:connectors",
    "connect": "tools.connect_command:connect",
    "metrics": "tools.metrics_command:metrics",
    "report": "tools.report_command:report",
    "forget": "tools.report_command:forget",
    "demo": "tools.demo:demo",
    "import": "tools.import_command:import_history",
    "simulate": "tools.simulate_command:simulate_community",
    "advance": "tools.advance_command:advance",
    "community": "tools.community_command:app",
    "dead-letters": "tools.dead_letters_command:app",
    "moderation": "tools.moderation_command:app",
    "engagement": "tools.engagement_command:app",
    "rewards": "tools.rewards_command:app",
}
"""Module and function, or module and group."""


class OneOfMany(TyperGroup):
    """Loads the subcommand that is asked for and no other: all of them take seconds."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of their help."""
        return list(SUBCOMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """The subcommand of a name, if there is one."""
        command: TyperCommand | TyperGroup | None = _loaded(cmd_name) if cmd_name in SUBCOMMANDS else None
        return command


def _loaded(name: str) -> Any:
    module, _, attribute = SUBCOMMANDS[name].partition(":")
    found: Any = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command()(found)
        command = get_command(alone)
    command.name = name
    return command


app = typer.Typer(
    name="hearth",
    cls=OneOfMany,
    help="Runs online communities: moderation, engagement, rewards and reporting.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def hearth() -> None:
    """Runs online communities: moderation, engagement, rewards and reporting."""


def main() -> None:
    """Entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()
