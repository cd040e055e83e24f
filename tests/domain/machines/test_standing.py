"""News, corrections and retractions in any order and with any outcome: what we believe stands there is what stands."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.domain.broadcast import DeliveryState, aim, find_overtaking, find_targets, list_standing, list_startable
from chatops.domain.ids import CHATOPS, PAGE
from chatops.domain.records import DeliveryRefused, DeliverySent, DeliverySkipped, OutletWords, Purpose
from chatops.domain.rendering import render
from chatops.domain.wording import Abilities, Setting, TextLimits
from tests.builders import EMAIL, approve, broadcast, build_form, build_revision, build_spec, open_journal, propose

LONG = "A sentence of ours. " * 6
WORDS = st.sampled_from(["Logins fail.", "Some logins fail.", LONG.strip()])


class StandingMachine(RuleBasedStateMachine):
    """One outlet that may edit and retract; `network` is what stands there, `gone` what was ever taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = open_journal()
        self.network: dict[str, str] = {}
        self.gone: set[str] = set()
        self.retracted: set[int] = set()
        self.can_edit = True

    @rule(can_edit=st.booleans())
    def change_ability(self, can_edit: bool) -> None:
        """As a network may: an edit is possible for an hour only, or for those who pay."""
        self.can_edit = can_edit

    @rule(words=WORDS)
    def tell_news(self, words: str) -> None:
        self.start(words, Purpose.UPDATE, None)

    @precondition(lambda self: self.journal.incident.updates)
    @rule(words=WORDS, retract=st.booleans(), data=st.data())
    def say_about(self, words: str, retract: bool, data: st.DataObject) -> None:
        news = [each.number for each in self.journal.incident.updates if each.is_news]
        number = data.draw(st.sampled_from(news))
        if find_targets(self.journal.incident.updates, number, EMAIL):
            self.start(words, Purpose.RETRACTION if retract else Purpose.CORRECTION, number)

    def start(self, words: str, purpose: Purpose, of_update: int | None) -> None:
        incident = self.journal.incident
        abilities = Abilities(edit=self.can_edit, retract=True, thread=True, signs=False)
        limits = TextLimits(max_chars=90)
        spec = build_spec("email", form="short", abilities=abilities, limits=limits, split=True, link="never")
        targets = {EMAIL: aim(incident.updates, of_update, EMAIL)} if of_update else {}
        standing = {EMAIL: len(list_standing(incident.updates, EMAIL))}
        form = build_form(words, purpose=purpose, of_update=of_update, outlets=(EMAIL,))
        setting = Setting(title="T", team="Acme", page_url=None, standing=standing, targets=targets)
        (rendered,) = render(form, (spec,), setting)
        revision = build_revision(draft=incident.drafts + 1, outlets=(EMAIL,)).model_copy(
            update={"words": (rendered,), "purpose": purpose, "of_update": of_update}
        )
        broadcast(approve(propose(self.journal, revision)))

    @precondition(lambda self: any(list_startable(each) for each in self.journal.incident.updates))
    @rule(outcome=st.sampled_from(["sent", "sent", "sent", "refused"]), data=st.data())
    def attempt(self, outcome: str, data: st.DataObject) -> None:
        """As the deliver job does, for any delivery that may start."""
        updates = self.journal.incident.updates
        waiting = [(update, each) for update in updates for each in list_startable(update)]
        update, delivery = data.draw(st.sampled_from(waiting))
        place = {"update": update.number, "outlet": EMAIL, "part": delivery.part}
        if find_overtaking(updates, update, EMAIL):
            self.journal.write(DeliverySkipped(**place, reason="overtaken"), by=CHATOPS)
        elif outcome == "refused":
            self.journal.write(DeliveryRefused(**place, reason="No."), by=CHATOPS)
        else:
            name = self.carry_out(update.number, delivery.part)
            self.journal.write(DeliverySent(**place, remote_id=name), by=CHATOPS)

    def carry_out(self, number: int, part: int) -> str:
        updates = self.journal.incident.updates
        revision = self.journal.incident.get_update(number).revision
        words: OutletWords = revision.words[0]
        if words.action == "post":
            name = f"{number}.{part}"
            self.network[name] = words.parts[part]
            return name
        before = [each for each in updates if each.number < number]
        targets = find_targets(before, revision.of_update, EMAIL)
        old = str(targets[part].remote_id)
        assert old not in self.gone or words.action == "retract", "what is gone is never edited"
        self.network.pop(old, None)
        if words.action == "retract":
            self.gone.add(old)
            return old
        self.network[f"{old}+"] = words.parts[part]
        return f"{old}+"

    @invariant()
    def we_know_what_stands_there_and_in_which_order(self) -> None:
        found = [each.remote_id for _, each in list_standing(self.journal.incident.updates, EMAIL)]
        assert set(found) == set(self.network)
        assert len(found) == len(set(found))

    @invariant()
    def a_target_stands_and_is_its_own_updates(self) -> None:
        updates = self.journal.incident.updates
        standing = {each.remote_id for _, each in list_standing(updates, EMAIL)}
        for update in updates:
            targets = find_targets(updates, update.number, EMAIL)
            assert {each.remote_id for each in targets} <= standing
            if not update.is_news:
                follows = [each for each in update.deliveries if each.state is DeliveryState.SENT]
                assert len(targets) <= len(follows)

    @invariant()
    def only_news_moves_the_status(self) -> None:
        assert self.journal.incident.status.value == "investigating"
        assert all(each.outlet != PAGE for update in self.journal.incident.updates for each in update.deliveries)


TestStandingMachine = StandingMachine.TestCase
TestStandingMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
