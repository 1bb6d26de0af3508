using Meshover.Contract.V1;
using Meshover.Controller.Membership;
using Meshover.Mesh.Identity;
using Meshover.Mesh.Trust;

namespace Meshover.Controller.Api;

/// <summary>Checks what nodes ask for. How much it is was asked before (<see cref="Limits"/>).</summary>
internal static class RequestValidator
{
    /// <exception cref="InvalidRequestException">With every violation.</exception>
    /// <exception cref="RefusalException">It speaks another contract.</exception>
    public static void Check(EnrollRequest request)
    {
        var violations = new Violations();
        CheckHello(violations, "hello", request.Hello);
        violations.Require(request.Token.Length > 0, "token", "the join string's token is missing.");
        if (!HostName.TryNormalise(request.Hostname, out _, out var error))
            violations.Add("hostname", error);
        StatusValidator.CheckWireGuardKey(violations, "wireguard_key", request.WireguardKey);
        StatusValidator.CheckEndpoints(violations, "endpoints", request.Endpoints);
        StatusValidator.CheckAddresses(violations, "other_addresses", request.OtherAddresses);
        violations.Require(request.ListenPort <= 65535, "listen_port", $"{request.ListenPort} is not a UDP port (1-65535; 0: not known yet).");
        violations.ThrowIfAny();
        CheckContract(request.Hello);
    }

    /// <inheritdoc cref="Check(EnrollRequest)"/>
    public static void Check(NodeHello hello)
    {
        var violations = new Violations();
        CheckHello(violations, "hello.hello", hello.Hello);
        violations.Require(hello.Credential.Length > 0, "hello.credential", "the credential is missing.");
        violations.Require(hello.InstanceId.Length > 0, "hello.instance_id", "the instance id is missing.");
        violations.Require(hello.Revision >= 0, "hello.revision", "a revision cannot be negative.");
        if (hello.Status is { } status)
            StatusValidator.Check(violations, "hello.status", status);
        violations.ThrowIfAny();
        CheckContract(hello.Hello);
    }

    private static void CheckHello(Violations violations, string field, Hello? hello)
    {
        violations.Require(hello is not null, field, "is missing.");
        violations.Require(hello is null || (hello.Contract > 0 && hello.ContractOldest <= hello.Contract), $"{field}.contract",
            "gives no range of contract revisions.");
    }

    private static void CheckContract(Hello hello)
    {
        if (ContractRevision.Fits(hello.Contract, hello.ContractOldest))
            return;
        var isOld = hello.Contract < ContractRevision.Oldest;
        throw new RefusalException(RefusalReason.Precondition,
            $"meshover {hello.Version} on the node is too {(isOld ? "old" : "new")} for this controller ({ControllerVersion.Text}): it speaks contract "
            + $"{hello.ContractOldest}-{hello.Contract}, the controller {ContractRevision.Oldest}-{ContractRevision.Current}. Upgrade "
            + (isOld ? "meshover on the node." : "the controller first."));
    }
}
