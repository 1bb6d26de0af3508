using System.Collections;
using System.Collections.Frozen;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Meshover.Controller.Changes;
using Meshover.Controller.Live;
using Meshover.Controller.Membership;
using Meshover.Mesh.Map;

namespace Meshover.Controller.Api;

/// <summary>
/// How much a caller may say: a bound for every text, every bytes and every list of what the controller takes (a test walks the contract
/// and fails where one is missing). Checked before anything is read, so that nothing of any length is quoted, logged, kept or sent on.
/// </summary>
internal static class Limits
{
    /// <summary>Of one message, in bytes: a status with all its lists full.</summary>
    public const int LongestMessage = 1024 * 1024;

    private const int Endpoints = 64;
    private const int Nodes = 16_384;
    private const int Grants = 64;
    private const int Address = 64; // IPv6 with a scope, or a prefix
    private const int Name = 256; // a hostname and its final dot, with room to say what is wrong with it
    private const int Token = 16_384;
    private const int Key = 64;
    private const int Site = 128;

    private static readonly FrozenDictionary<string, FieldBound> Bounds = new Dictionary<string, FieldBound>(StringComparer.Ordinal)
    {
        ["Hello.version"] = Ascii(64),
        ["Hello.capabilities"] = Ascii(64) with { Items = 64 },
        ["Endpoint.address"] = Ascii(Address),
        ["RouteGrant.prefix"] = Ascii(Address),
        ["RouteGrant.name"] = Free(Name),
        ["EnrollRequest.token"] = Ascii(Token),
        ["EnrollRequest.hostname"] = Free(Name),
        ["EnrollRequest.wireguard_key"] = Bytes(Key),
        ["EnrollRequest.endpoints"] = List(Endpoints),
        ["EnrollRequest.site"] = Free(Site),
        ["RenewCredentialRequest.expired_jwt"] = Ascii(Token),
        ["NodeHello.credential"] = Ascii(Token),
        ["NodeHello.store_id"] = Ascii(64),
        ["NodeHello.instance_id"] = Ascii(128),
        ["NodeStatus.hostname"] = Free(Name),
        ["NodeStatus.wireguard_key"] = Bytes(Key),
        ["NodeStatus.site"] = Free(Site),
        ["WireGuardKeys.keys"] = Bytes(Key) with { Items = 2 },
        ["EndpointList.endpoints"] = List(Endpoints),
        ["PrefixList.prefixes"] = Ascii(Address) with { Items = 4_096 },
        ["GatherClaims.prefixes"] = Ascii(Address) with { Items = Mesh.Gathering.GatherClaims.MostRanges },
        ["PrefixWishes.lengths"] = List(2),
        ["ObservedPeers.peers"] = List(Nodes),
        ["ObservedPeers.Peer.address"] = Ascii(Address),
        ["LinkStates.up"] = List(Nodes),
        ["LinkExceptions.links"] = List(64),
        ["NodeSummary.figures"] = List(64),
        ["FindingCounts.found"] = List(256),
        ["FindingCounts.Found.code"] = Ascii(64),
        ["ObservedChanges.seen"] = List(Nodes),
        ["ObservedChanges.gone"] = List(Nodes),
        ["EnrollRequest.other_addresses"] = Ascii(Address) with { Items = Endpoints },
        ["AddressList.addresses"] = Ascii(Address) with { Items = Endpoints },
        ["QueryResult.answer"] = Bytes(StreamQueries.LongestAnswer),
        ["QueryFailure.text"] = Free(512),
        ["CreateTokenRequest.tags"] = Free(Name) with { Items = 32 },
        ["CreateTokenRequest.hostnames"] = Free(HostNamePattern.Longest) with { Items = HostNamePattern.Most },
        ["CreateTokenRequest.grants"] = List(Grants),
        ["CreateTokenRequest.reason"] = Free(Reason.Longest),
        ["CreateConsoleTokenRequest.name"] = Free(Name),
        ["CreateConsoleTokenRequest.role"] = Free(Name),
        ["CreateConsoleTokenRequest.reason"] = Free(Reason.Longest),
        ["RevokeConsoleTokenRequest.token_id"] = Free(Name),
        ["RevokeConsoleTokenRequest.reason"] = Free(Reason.Longest),
        ["EndConsoleSessionsRequest.who"] = Free(Name),
        ["EndConsoleSessionsRequest.reason"] = Free(Reason.Longest),
        ["RevokeTokenRequest.token_id"] = Free(Name),
        ["RevokeTokenRequest.reason"] = Free(Reason.Longest),
        ["RemoveNodeRequest.node"] = Free(Name),
        ["RemoveNodeRequest.reason"] = Free(Reason.Longest),
        ["RenameNodeRequest.node"] = Free(Name),
        ["RenameNodeRequest.hostname"] = Free(Name),
        ["RenameNodeRequest.reason"] = Free(Reason.Longest),
        ["TagNodeRequest.node"] = Free(Name),
        ["TagNodeRequest.add"] = Free(Name) with { Items = 32 },
        ["TagNodeRequest.remove"] = Free(Name) with { Items = 32 },
        ["TagNodeRequest.reason"] = Free(Reason.Longest),
        ["AllowNodeRequest.node"] = Free(Name),
        ["AllowNodeRequest.reason"] = Free(Reason.Longest),
        ["AskNodeRequest.node"] = Free(Name),
        ["AnnounceOrder.prefix"] = Ascii(Address),
        ["AnnounceOrder.mode"] = Ascii(Address),
        ["WithdrawOrder.prefix"] = Ascii(Address),
        ["WayQuestion.to"] = Ascii(Address),
        ["WayQuestion.from"] = Ascii(Address),
        ["AddAddressRequest.node"] = Free(Name),
        ["AddAddressRequest.address"] = Ascii(Address),
        ["AddAddressRequest.note"] = Free(FurtherAddress.LongestNote),
        ["AddAddressRequest.reason"] = Free(Reason.Longest),
        ["RemoveAddressRequest.node"] = Free(Name),
        ["RemoveAddressRequest.address"] = Ascii(Address),
        ["RemoveAddressRequest.reason"] = Free(Reason.Longest),
        ["ListAddressesRequest.node"] = Free(Name),
        ["AddGrantRequest.node"] = Free(Name),
        ["AddGrantRequest.reason"] = Free(Reason.Longest),
        ["RemoveGrantRequest.node"] = Free(Name),
        ["RemoveGrantRequest.prefix"] = Ascii(Address),
        ["RemoveGrantRequest.reason"] = Free(Reason.Longest),
        ["ListAuditRequest.node"] = Free(Name),
        ["ListEventsRequest.node"] = Free(Name),
        ["ListEventsRequest.below"] = Ascii(64),
        ["ListEventsRequest.above"] = Ascii(64),
        ["ListGrantsRequest.node"] = Free(Name),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The bound of a field; null: it has none, and is refused when it says anything.</summary>
    public static FieldBound? Of(FieldDescriptor field) => Bounds.GetValueOrDefault(field.FullName[(field.File.Package.Length + 1)..]);

    /// <exception cref="InvalidRequestException">With what is too long or cannot be printed.</exception>
    public static void Check(IMessage message)
    {
        var violations = new Violations();
        Check(violations, "", message);
        violations.ThrowIfAny();
    }

    private static void Check(Violations violations, string path, IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (violations.IsFull)
                return;
            if (field.IsRepeated)
                CheckList(violations, path + field.Name, field, (IList)field.Accessor.GetValue(message));
            else if (!field.HasPresence || field.Accessor.HasValue(message))
                CheckValue(violations, path + field.Name, Of(field) ?? FieldBound.Nothing, field.Accessor.GetValue(message));
        }
    }

    private static void CheckList(Violations violations, string path, FieldDescriptor field, IList values)
    {
        var bound = Of(field) ?? FieldBound.Nothing;
        violations.Require(values.Count <= bound.Items, path, $"{values.Count} are too many (at most {bound.Items}).");
        if (field.FieldType is not (FieldType.Message or FieldType.String or FieldType.Bytes) || values.Count > bound.Items)
            return;
        for (var i = 0; i < values.Count && !violations.IsFull; i++)
            CheckValue(violations, $"{path}[{i}]", bound, values[i]!);
    }

    private static void CheckValue(Violations violations, string path, FieldBound bound, object value)
    {
        if (value is IMessage message)
            Check(violations, path + ".", message);
        else if (value is string or ByteString && bound.WhyNot(value) is { } why)
            violations.Add(path, why);
    }

    private static FieldBound Ascii(int length) => new(1, length, TextKind.Ascii);

    private static FieldBound Free(int length) => new(1, length, TextKind.Free);

    private static FieldBound Bytes(int length) => new(1, length, default);

    private static FieldBound List(int items) => new(items, 0, default);
}
