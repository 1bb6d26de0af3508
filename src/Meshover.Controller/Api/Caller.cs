using System.Net;
using Grpc.Core;
using Meshover.Controller.Changes;
using Meshover.Controller.Identity;
using Meshover.Controller.Membership;

namespace Meshover.Controller.Api;

/// <summary>Who calls, and from where, as the connection proves it.</summary>
internal static class Caller
{
    /// <summary>Thumbprint of the caller's identity key.</summary>
    /// <exception cref="RefusalException">The connection has no client certificate, or one with another kind of key.</exception>
    public static string IdentityOf(ServerCallContext context)
    {
        var certificate = context.GetHttpContext().Connection.ClientCertificate;
        if (certificate is null || !ClientIdentity.IsAcceptable(certificate))
            throw new RefusalException(RefusalReason.NotAdmitted, "The connection proves no identity: a client certificate with an ECDSA P-256 key is needed, under the server name node.meshover.");
        return ClientIdentity.ThumbprintOf(certificate);
    }

    /// <summary>Who administers, as the connection was marked.</summary>
    public static Actor ActorOf(ServerCallContext context) => context.GetHttpContext().Features.Get<Actor>() ?? Actor.Unknown;

    /// <summary>The caller's address; null on one machine.</summary>
    public static IPAddress? SourceOf(ServerCallContext context)
    {
        var address = context.GetHttpContext().Connection.RemoteIpAddress;
        if (address is { IsIPv4MappedToIPv6: true })
            address = address.MapToIPv4();
        return address is null || IPAddress.IsLoopback(address) ? null : address;
    }
}
