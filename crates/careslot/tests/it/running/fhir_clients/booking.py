"""What both clients are told on stdin, and the booking that both send: nothing of CareSlot's is used to make it."""

import datetime
import json
import sys
import uuid

PROFILES = "https://fhir.hl7.org.uk/STU3/StructureDefinition/CareConnect-"
NHS_NUMBER = "9990000018"


def settings():
    """Base URL, CA, client certificate and key, and the headers of each step."""
    return json.load(sys.stdin)


def window():
    """Tomorrow and the three weeks after it, as FHIR writes times."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return [f"ge{now.isoformat()}", f"le{(now + datetime.timedelta(days=25)).isoformat()}"]


def booking(slot, start, end):
    """An Appointment in this Slot, as the Care Connect profile wants it."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0).isoformat()
    patient = {
        "resourceType": "Patient",
        "id": "patient",
        "meta": {"profile": [PROFILES + "Patient-1"]},
        "identifier": [
            {
                "extension": [
                    {
                        "url": PROFILES.replace("CareConnect-", "Extension-CareConnect-")
                        + "NHSNumberVerificationStatus-1",
                        "valueCodeableConcept": {
                            "coding": [
                                {
                                    "system": "https://fhir.hl7.org.uk/STU3/CodeSystem/"
                                    "CareConnect-NHSNumberVerificationStatus-1",
                                    "code": "01",
                                    "display": "Number present and verified",
                                }
                            ]
                        },
                    }
                ],
                "use": "official",
                "system": "https://fhir.nhs.uk/Id/nhs-number",
                "value": NHS_NUMBER,
            }
        ],
        "name": [{"use": "official", "family": "Python", "given": ["Monty"], "prefix": ["Mx"]}],
        "telecom": [{"system": "phone", "value": "01632 960321", "use": "home", "rank": 1}],
        "gender": "other",
        "birthDate": "1969-10-05",
        "address": [{"use": "home", "line": ["2 Test Lane"], "city": "York", "postalCode": "YO1 7HH"}],
    }
    document = {
        "resourceType": "DocumentReference",
        "id": "document",
        "meta": {"profile": [PROFILES + "DocumentReference-1"]},
        "identifier": [{"system": "https://tools.ietf.org/html/rfc4122", "value": str(uuid.uuid4())}],
        "status": "current",
        "type": {
            "coding": [
                {
                    "system": "urn:oid:2.16.840.1.113883.2.1.3.2.4.18.17",
                    "code": "POCD_MT200001GB02",
                    "display": "Integrated Urgent Care Report",
                }
            ]
        },
        "indexed": now,
        "content": [{"attachment": {"contentType": "application/hl7-v3+xml", "language": "en"}}],
    }
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [PROFILES + "Appointment-1"]},
        "language": "en-GB",
        "contained": [document, patient],
        "status": "booked",
        "description": "111 Referral",
        "supportingInformation": [{"reference": "#document"}],
        "start": start,
        "end": end,
        "slot": [{"reference": f"Slot/{slot}"}],
        "created": now,
        "participant": [
            {
                "actor": {
                    "reference": "#patient",
                    "identifier": {
                        "use": "official",
                        "system": "https://fhir.nhs.uk/Id/nhs-number",
                        "value": NHS_NUMBER,
                    },
                    "display": "Mx Monty Python",
                },
                "status": "accepted",
            }
        ],
    }
