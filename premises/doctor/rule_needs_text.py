"""What a site can feed, as lines for people and as JSON."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from premises.doctor.rule_needs import EVENT, Gain, RuleNeeds, State, gains
from premises.texts import Language, Texts
from reports.messages import Messages
from reports.wording import Wording
from sensors.catalogue import CATALOGUE
from sensors.topology import Registry

INDENT = "  "
EXAMPLES = 3


def needs_lines(needs: Sequence[RuleNeeds], registry: Registry, language: Language) -> Iterator[str]:
    """Yield which rules can be fed, which cannot and why, and what one more thing would buy."""
    said = _Said(registry, language)
    for state in State:
        members = [each for each in needs if each.state is state]
        if members:
            yield said.texts.text(f"doctor.rules.{state}", count=len(members), total=len(needs))
            yield from (INDENT + said.rule(each) for each in members)
            yield ""
    bought = gains(needs)
    yield said.texts.text("doctor.rules.gains" if bought else "doctor.rules.no_gains")
    yield from (INDENT + said.gain(each) for each in bought)


def needs_json(needs: Sequence[RuleNeeds]) -> dict[str, object]:
    """Return the same for programs: `what` as the rules name it, subjects counted."""
    return {
        "rules": [_rule_json(each) for each in needs],
        "gains": [{"what": each.what, "rules": dict(each.rules)} for each in gains(needs)],
    }


def _rule_json(needs: RuleNeeds) -> dict[str, object]:
    name = CATALOGUE[needs.rule].name
    return {
        "rule": needs.rule,
        "name": {"zh": name.zh, "en": name.en},
        "state": needs.state.value,
        "fed": needs.fed,
        "inferred": needs.inferred,
        "subjects": needs.subjects,
        "lacks": [
            {
                "what": list(lack.what),
                "subjects": len(lack.subjects),
                "examples": [str(subject) for subject in lack.subjects[:EXAMPLES]],
            }
            for lack in needs.lacks
        ],
    }


class _Said:
    """The words of one language."""

    def __init__(self, registry: Registry, language: Language) -> None:
        self.texts = Texts(language)
        self._messages = Messages(language, ZoneInfo(registry.site.timezone))
        self._wording = Wording(self._messages, registry)

    def rule(self, needs: RuleNeeds) -> str:
        """Return what is to be said of one rule."""
        parts = [f"{needs.rule} {CATALOGUE[needs.rule].name.in_language(self._messages.language)}"]
        if needs.state is State.FED:
            parts.append(self.texts.text("doctor.rules.of", fed=needs.fed, subjects=needs.subjects))
        if needs.inferred:
            parts.append(self.texts.text("doctor.rules.inferred", count=needs.inferred))
        for lack in needs.lacks:
            what = self._messages.joined([self.what(each) for each in lack.what])
            many = "doctor.rules.lacks" if lack.subjects else "doctor.rules.asks"
            parts.append(self.texts.text(many, what=what, subjects=len(lack.subjects)))
        return "  ".join(parts)

    def gain(self, gain: Gain) -> str:
        """Return what one thing would buy."""
        rules = [f"{rule} ({count})" if count else rule for rule, count in gain.rules]
        return self.texts.text("doctor.rules.gain", what=self.what(gain.what), rules=self._messages.joined(rules))

    def what(self, missing: str) -> str:
        """Return the name of something missing."""
        if missing.startswith(EVENT):
            return self.texts.text("doctor.rules.event", event=missing.removeprefix(EVENT))
        known = f"doctor.rules.what.{missing}"
        return self.texts.text(known) if self.texts.has(known) else self._wording.lacking(missing)
