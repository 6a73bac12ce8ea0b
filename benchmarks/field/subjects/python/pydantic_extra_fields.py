"""Validates a model that allows fields of any name: each name stayed, of the set of fields that were given."""

from pydantic_core import SchemaValidator, core_schema
from steady import steadily

VALIDATOR = SchemaValidator(core_schema.model_fields_schema({}, extra_behavior="allow"))
number = 0


def validate() -> None:
    """One model, with four fields that none had before."""
    global number
    number += 1
    VALIDATOR.validate_python({f"field {number} of four, number {place}": place for place in range(4)})


steadily(validate)
