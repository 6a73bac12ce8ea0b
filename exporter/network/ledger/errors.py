"""Why an operator refuses: one class per gRPC status that a real operator would use."""


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """Base of all refusals; the request changed nothing."""


class NotAuthenticated(Refused):
    """The session is missing, forged or expired."""


class NotAllowed(Refused):
    """The caller does not own what it asks for."""


class NotFound(Refused):
    """There is no such leaf, transfer or invoice."""


class Invalid(Refused):
    """The request is malformed, or a signature, share or proof in it is wrong."""


class NotReady(Refused):
    """The leaf or transfer is in a state that does not allow this."""


class Preempted(Refused):
    """Another request was faster; asking again with what there is now helps."""


class Unavailable(Refused):
    """The service is away; asking again later helps."""


class Broken(Refused):
    """The service failed, for no fault of the caller's."""


class Exists(Refused):
    """What is asked for has been done before: a transfer with this id was started, or was claimed."""
