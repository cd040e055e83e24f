"""Signs and words for impact, status, deliveries and advice: one place, so that they mean the same on every card."""

from chatops.domain.broadcast import DeliveryState
from chatops.domain.records import Impact, Status

IMPACTS = {Impact.NONE: "🟢", Impact.MINOR: "🟡", Impact.MAJOR: "🟠", Impact.CRITICAL: "🔴"}
DELIVERIES = {
    DeliveryState.QUEUED: "⏳",
    DeliveryState.SENT: "✅",
    DeliveryState.REFUSED: "❌",
    DeliveryState.UNCERTAIN: "❓",
    DeliveryState.SKIPPED: "⏸️",
}
ADVICE = {"block": "⛔", "warn": "⚠️", "hint": "💡"}
PRIVATE = "🔒"
RESOLVED = "✅"


def word_impact(impact: Impact) -> str:
    return impact.value.capitalize()


def word_status(status: Status) -> str:
    return status.value.capitalize()


def mark_impact(impact: Impact) -> str:
    return f"{IMPACTS[impact]} {word_impact(impact)}"
