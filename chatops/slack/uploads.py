"""Put an incident's export into its thread, as a file."""

from datetime import timedelta

from slack_sdk.web.async_client import AsyncWebClient

from chatops.domain.errors import NotSent, Uncertain
from chatops.domain.ids import IncidentNumber
from chatops.slack.calls import call_slack
from chatops.usecases.customer_exports import read_customers
from chatops.usecases.exports import export
from chatops.usecases.ports import Again, Desk, Done, Job
from chatops.usecases.reading import read_any_incident

PAUSE = timedelta(seconds=10)
TRIES = 20


class Uploads:
    def __init__(self, desk: Desk, client: AsyncWebClient) -> None:
        self._desk = desk
        self._client = client

    async def run(self, job: Job, runs: int) -> Done | Again:
        """Waits for the thread where it is not there yet. A second copy of a file harms nobody, a missing one does."""
        number = IncidentNumber(int(job.data["incident"]))
        snapshot = await self._desk.store.read(lambda reads: read_any_incident(reads, number))
        workspace, now = snapshot.incident.workspace, self._desk.clock.now()
        customers = await self._desk.store.read(lambda reads: read_customers(reads, number, workspace, now))
        thread = await self._desk.store.read(lambda reads: reads.find_thread(number))
        if thread is None or thread.ts is None:
            return Again(at=self._desk.in_real(PAUSE))
        try:
            await call_slack(
                self._client.files_upload_v2(
                    content=export(snapshot, "md", customers),
                    filename=f"{snapshot.incident.name}.md",
                    title=f"{snapshot.incident.name} export",
                    channel=thread.channel,
                    thread_ts=thread.ts,
                    initial_comment=f"The log of {snapshot.incident.name} up to record {snapshot.incident.head_seq}.",
                )
            )
        except (NotSent, Uncertain):
            if runs < TRIES:
                return Again(at=self._desk.in_real(PAUSE))
            raise
        return Done()
