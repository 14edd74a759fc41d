"""Searches, books, reads and cancels with fhirpy, which knows no version of FHIR and takes resources as they come."""

import uuid

from booking import booking, settings, window
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome
from fhirpy.base.searchset import Raw

told = settings()


def client(step, **more):
    """A client whose calls have the headers of this step."""
    headers = {**told["headers"][step], "Ssp-TraceID": str(uuid.uuid4()), "X-Request-ID": str(uuid.uuid4()), **more}
    return SyncFHIRClient(
        told["base"].rstrip("/"),
        authorization=headers.pop("Authorization"),
        extra_headers={"Content-Type": "application/fhir+json", **headers},
        requests_config={"verify": told["ca"], "cert": (told["cert"], told["key"])},
    )


def resource(step, body, **more):
    """A resource of a client's own, made of what it is to say."""
    said = {name: value for name, value in body.items() if name != "resourceType"}
    return client(step, **more).resource(body["resourceType"], **said)


query = Raw(
    **{
        "schedule.actor:healthcareservice": told["service"],
        "status": "free",
        "start": window(),
        "_include": "Slot:schedule",
    }
)
slots = client("search").resources("Slot").search(query).fetch()
assert len(slots) > 20, slots
slot = slots[told["nth"]]

wanted = booking(slot["id"], slot["start"], slot["end"])
made = resource("book", wanted)
made.save()
assert made["status"] == "booked" and made["meta"]["versionId"] == "1", made

again = resource("book", wanted)
try:
    again.save()
except OperationOutcome as refused:
    assert "BOOK-10" in str(refused), refused
else:
    raise AssertionError("a Slot is booked once")

read = client("read").reference("Appointment", made["id"]).to_resource()
assert read.serialize() == made.serialize()

if_match = f'W/"{read["meta"]["versionId"]}"'
kept = resource("cancel", read.serialize(), **{"If-Match": if_match})
kept["status"] = "cancelled"
kept.save()
assert kept["status"] == "cancelled" and kept["meta"]["versionId"] == "2", kept

print("booked and cancelled", made["id"])
