"""What every record's data is: a frozen model whose canonical JSON the digest covers."""

from pydantic import BaseModel, ConfigDict


class Data(BaseModel):
    """What one record says; canonical JSON of it is what the digest covers."""

    model_config = ConfigDict(frozen=True, extra="forbid")
