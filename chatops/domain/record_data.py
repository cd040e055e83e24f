"""What every record's data is: a frozen model whose canonical JSON the digest covers."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema


class Data(BaseModel):
    """What one record says; its own JSON is canonical."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Fields in alphabetical order, whatever their order in the class: JSON is written in the order of parsing."""
        schema: dict[str, Any] = dict(handler(source))
        fields = schema["schema"]["fields"]
        return {**schema, "schema": {**schema["schema"], "fields": dict(sorted(fields.items()))}}
