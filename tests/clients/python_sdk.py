"""The unmodified Graph SDK for Python against a running Badgepin; runs in an environment of its own.

    python python_sdk.py demo.json     the demo's first line, as a file

Prints one JSON object a step: {"step", "ok", ...}.
"""

import asyncio
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph_beta import GraphRequestAdapter, GraphServiceClient
from msgraph_beta.generated.models.authentication_method_modes import AuthenticationMethodModes
from msgraph_beta.generated.models.authentication_strength_policy import AuthenticationStrengthPolicy
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_beta.generated.models.qr_code import QrCode
from msgraph_beta.generated.models.qr_code_pin_authentication_method import QrCodePinAuthenticationMethod
from msgraph_beta.generated.models.qr_code_pin_authentication_method_configuration import (
    QrCodePinAuthenticationMethodConfiguration,
)
from msgraph_beta.generated.models.qr_pin import QrPin
from msgraph_beta.generated.policies.authentication_strength_policies.item.update_allowed_combinations.update_allowed_combinations_post_request_body import (
    UpdateAllowedCombinationsPostRequestBody,
)
from msgraph_beta.generated.users.item.authentication.qr_code_pin_method.pin.update_pin.update_pin_post_request_body import (
    UpdatePinPostRequestBody,
)


class ReadyToken(AccessTokenProvider):
    """A token that is already there."""

    def __init__(self, token: str) -> None:
        self.token = token

    async def get_authorization_token(self, uri: str, additional_authentication_context: dict | None = None) -> str:
        """The token."""
        return self.token

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        """Every host: the server is local."""
        return AllowedHostsValidator([])


def client_for(demo: dict, token: str) -> GraphServiceClient:
    """The SDK's client, pointed at the server."""
    adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(ReadyToken(demo["tokens"][token])))
    adapter.base_url = f"{demo['origin']}/beta"
    return GraphServiceClient(request_adapter=adapter)


def say(step: str, **facts: object) -> None:
    """One line a step."""
    print(json.dumps({"step": step, **facts}), flush=True)


async def create(client: GraphServiceClient, user: str) -> QrCodePinAuthenticationMethod | None:
    """The SDK has no PUT builder for the method: a request of its own does it."""
    method = QrCodePinAuthenticationMethod()
    method.standard_q_r_code = QrCode()
    method.standard_q_r_code.start_date_time = datetime.now(timezone.utc)
    method.standard_q_r_code.expire_date_time = datetime.now(timezone.utc) + timedelta(days=30)
    method.pin = QrPin()
    method.pin.code = "13572468"
    request = RequestInformation(
        Method.PUT,
        "{+baseurl}/users/{user}/authentication/qrCodePinMethod",
        {"baseurl": client.request_adapter.base_url, "user": user},
    )
    request.headers.try_add("Accept", "application/json")
    request.set_content_from_parsable(client.request_adapter, "application/json", method)
    errors = {"XXX": ODataError}
    return await client.request_adapter.send_async(request, QrCodePinAuthenticationMethod, errors)


async def method_steps(client: GraphServiceClient, user: str) -> None:
    """Create, read, temporary create and delete, standard PATCH, PIN reset."""
    builder = client.users.by_user_id(user).authentication.qr_code_pin_method
    try:
        await builder.get()
    except ODataError as error:
        say("read nothing", status=error.response_status_code, code=error.error.code)
    made = await create(client, user)
    say("create", image=bool(made.standard_q_r_code.image.binary_value), pin=made.pin.code)
    read = await builder.get()
    say(
        "read",
        same=read.id == made.id,
        image=read.standard_q_r_code.image is None,
        flag=read.pin.force_change_pin_next_sign_in,
    )
    listed = await client.users.by_user_id(user).authentication.methods.get()
    say("list methods", types=[type(item).__name__ for item in listed.value])
    wanted = QrCode()
    wanted.expire_date_time = datetime.now(timezone.utc) + timedelta(hours=8)
    code = await builder.temporary_q_r_code.patch(wanted)
    say("create temporary", id=code.id, image=bool(code.image.raw_content))
    await builder.temporary_q_r_code.delete()
    say("delete temporary", gone=(await builder.get()).temporary_q_r_code is None)
    try:
        await builder.temporary_q_r_code.delete()
    except ODataError as error:
        say("delete temporary again", status=error.response_status_code, code=error.error.code)
    moved = QrCode()
    moved.expire_date_time = datetime.now(timezone.utc) + timedelta(days=60)
    standard = await builder.standard_q_r_code.patch(moved)
    say("move standard", same=standard.id == made.standard_q_r_code.id)
    pin = await builder.pin.patch(QrPin())
    say("reset pin", digits=len(pin.code or ""))
    try:
        await create(client, user)
    except ODataError as error:
        say("create twice", status=error.response_status_code, code=error.error.code)


async def pin_steps(demo: dict, admin: GraphServiceClient) -> None:
    """The worker changes the PIN that an administrator reset."""
    worker = demo["users"]["worker"]["id"]
    pin = await admin.users.by_user_id(worker).authentication.qr_code_pin_method.pin.patch(QrPin())
    body = UpdatePinPostRequestBody()
    body.current_pin, body.new_pin = pin.code, "86420975"
    own = client_for(demo, "worker")
    await own.me().authentication.qr_code_pin_method.pin.update_pin.post(body)
    read = await own.me().authentication.qr_code_pin_method.pin.get()
    say("update pin", flag=read.force_change_pin_next_sign_in)


async def policy_steps(demo: dict) -> None:
    """Read and change the configuration."""
    client = client_for(demo, "applicationPolicy")
    configurations = client.policies.authentication_methods_policy.authentication_method_configurations
    builder = configurations.by_authentication_method_configuration_id("qrCodePin")
    read = await builder.get()
    say("read policy", type=type(read).__name__, length=read.pin_length, targets=len(read.include_targets))
    change = QrCodePinAuthenticationMethodConfiguration()
    change.pin_length = 9
    await builder.patch(change)
    say("change policy", length=(await builder.get()).pin_length)
    change.pin_length = 8
    await builder.patch(change)


async def strength_steps(demo: dict) -> None:
    """Make a strength that accepts a badge, and be refused one that combines it."""
    client = client_for(demo, "applicationPolicy")
    strengths = client.policies.authentication_strength_policies
    listed = await strengths.get()
    modes = await client.identity.conditional_access.authentication_strengths.authentication_method_modes.get()
    say("list strengths", kinds=[item.policy_type.value for item in listed.value], modes=len(modes.value))
    wanted = AuthenticationStrengthPolicy()
    wanted.display_name = "Badge"
    wanted.allowed_combinations = [AuthenticationMethodModes.QrCodePin]
    made = await strengths.post(wanted)
    say("make strength", satisfied=made.requirements_satisfied, combinations=made.allowed_combinations)
    one = strengths.by_authentication_strength_policy_id(made.id)
    body = UpdateAllowedCombinationsPostRequestBody()
    body.allowed_combinations = [AuthenticationMethodModes.Fido2]
    result = await one.update_allowed_combinations.post(body)
    say("change strength", before=result.previous_combinations, now=result.current_combinations)
    say("use of strength", mfa=(await one.usage.get()).mfa)
    await one.delete()
    try:
        await strengths.by_authentication_strength_policy_id("00000000-0000-0000-0000-000000000002").delete()
    except ODataError as error:
        say("delete built-in strength", status=error.response_status_code, code=error.error.code)


async def report_steps(demo: dict, user: str) -> None:
    """Read who has the method, one and counted."""
    methods = client_for(demo, "applicationAudit").reports.authentication_methods
    details = methods.user_registration_details
    one = await details.by_user_registration_details_id(user).get()
    say("registration", methods=one.methods_registered, mfa=one.is_mfa_capable, admin=one.is_admin)
    say("registrations", some=len((await details.get()).value) > 10)
    by = methods.users_registered_by_method_with_included_user_types_with_included_user_roles("user", "all")
    counted = await by.get()
    [count] = counted.user_registration_method_counts
    say("counted", types=counted.user_types.value, roles=counted.user_roles.value, method=count.authentication_method)


async def main() -> None:
    """Every step in turn."""
    demo = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    admin = client_for(demo, "applicationReadWrite")
    people = await admin.users.get()
    say("list users", some=len(people.value) > 10)
    await method_steps(admin, demo["users"]["newWorker"]["id"])
    await pin_steps(demo, admin)
    await policy_steps(demo)
    await strength_steps(demo)
    await report_steps(demo, demo["users"]["newWorker"]["id"])
    await admin.users.by_user_id(demo["users"]["newWorker"]["id"]).authentication.qr_code_pin_method.delete()
    say("delete method", ok=True)


asyncio.run(main())
