"""`reportgen rules`: every rule with its threshold, as it is in force here."""

from __future__ import annotations

import json

import typer

from reportgen.cli.options import AsJson, Config


def rules(as_json: AsJson = False, config: Config = None) -> None:
    """List every rule with its threshold, as it is in force here, and its source."""
    from importlib import metadata

    from reportgen.cli.terminal import rules_text
    from reportgen.options import read_configuration, rule_settings
    from reportgen.rules.own_rules import PLUGIN_GROUP, own_rules, rules_as_rows

    broken: tuple[str, ...] = ()
    if metadata.entry_points(group=PLUGIN_GROUP):
        from reportgen.analyses.catalogue import open_catalogue

        catalogue = open_catalogue(config)
        rows = catalogue.rules_as_rows()
        broken = tuple(plugin.reason for plugin in catalogue.plugins.broken)
    else:
        own = own_rules()
        rows = rules_as_rows(own, rule_settings((rule for _, rule in own), read_configuration(config)))
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=1) if as_json else rules_text(rows))
    for reason in broken:
        typer.echo(f"reportgen: {reason}", err=True)
