"""`premises rules`: the catalogue of rules, for people and for programs."""

import json

import click


@click.command("rules")
@click.option(
    "--format",
    "wanted",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="One line a rule, the page docs/rules.md, or JSON.",
)
def command(*, wanted: str) -> None:
    """Print what each rule says, needs and rests on."""
    from premises.rule_ways import ways  # noqa: PLC0415 - keeps `--help` quick
    from sensors.catalogue import CATALOGUE  # noqa: PLC0415 - likewise

    if wanted == "markdown":
        from reports.rule_page import rule_page  # noqa: PLC0415 - likewise

        click.echo(rule_page(ways), nl=False)
    elif wanted == "json":
        from premises.rule_json import rule_json  # noqa: PLC0415 - likewise

        rules = [rule_json(spec, ways(spec.id)) for spec in CATALOGUE.values()]
        click.echo(json.dumps({"rules": rules}, ensure_ascii=False))
    else:
        for spec in CATALOGUE.values():
            core = "●" if spec.core else " "
            click.echo(f"{spec.id} {core} {spec.name.zh} · {spec.name.en} ({', '.join(ways(spec.id)) or 'no code'})")
