"""Looks round, searches, books, reads and cancels with SMART's fhirclient for STU3, which checks every resource that it reads."""

import uuid

from booking import booking, settings, window
from fhirclient.models.appointment import Appointment
from fhirclient.models.bundle import Bundle
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.slot import Slot
from fhirclient.server import FHIRServer
from requests import HTTPError

told = settings()


class NoState:
    """A FHIRServer tells its client what to keep; there is nothing to keep."""

    desired_scope = app_id = None

    def save_state(self):
        """Keeps nothing."""


server = FHIRServer(NoState(), told["base"])
server.session.verify = told["ca"]
server.session.cert = (told["cert"], told["key"])
headers = {}


def add_headers(request):
    """Puts the headers of the step over those that the client thought of."""
    request.headers.update(headers)
    if request.body:
        request.headers["Content-Type"] = "application/fhir+json"
    return request


server.session.auth = add_headers


def step(name, **more):
    """The headers of the calls that follow."""
    headers.clear()
    headers.update({**told["headers"][name], "Ssp-TraceID": str(uuid.uuid4()), "X-Request-ID": str(uuid.uuid4()), **more})


step("metadata")
statement = CapabilityStatement.read_from("metadata", server)
assert statement.fhirVersion == "3.0.1", statement.fhirVersion
assert "Appointment" in [resource.type for resource in statement.rest[0].resource]

step("search")
search = Slot.where(
    {
        "schedule.actor:healthcareservice": told["service"],
        "status": "free",
        "start": {"$and": window()},
        "_include": "Slot:schedule",
    }
)
found = search.perform(server)
assert isinstance(found, Bundle) and found.type == "searchset" and found.total > 20, found.as_json()
slots = [entry.resource for entry in found.entry if isinstance(entry.resource, Slot)]
slot = slots[told["nth"]]

step("book")
wanted = Appointment(booking(slot.id, slot.start.isostring, slot.end.isostring))
made = Appointment(wanted.create(server))
assert made.status == "booked" and made.meta.versionId == "1", made.as_json()

step("book")
try:
    wanted.create(server)
except HTTPError as refused:
    response = refused.response
    assert response.status_code == 422, response.text
    outcome = OperationOutcome(response.json())
    assert "BOOK-10" in outcome.issue[0].details.text, outcome.as_json()
else:
    raise AssertionError("a Slot is booked once")

step("read")
read = Appointment.read(made.id, server)
assert read.as_json() == made.as_json()

step("cancel", **{"If-Match": f'W/"{read.meta.versionId}"'})
read.status = "cancelled"
cancelled = Appointment(read.update(server))
assert cancelled.status == "cancelled" and cancelled.meta.versionId == "2", cancelled.as_json()

step("read")
assert Appointment.read(made.id, server).status == "cancelled"
history = Bundle.read_from(f"Appointment/{made.id}/_history", server)
assert [entry.resource.meta.versionId for entry in history.entry] == ["2", "1"], history.as_json()

print("booked and cancelled", made.id)
