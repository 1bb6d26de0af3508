using System.Collections.Immutable;
using Meshover.Controller.Changes;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meshover.Controller.Hosting;

/// <summary>All that the controller serves, and the gate before it: each request gets to the groups of its own kind of connection alone.</summary>
internal sealed class EndpointGroups(params ImmutableArray<EndpointGroup> groups)
{
    /// <summary>Those of this release.</summary>
    public static readonly EndpointGroups Present = new(EndpointGroup.Nodes, EndpointGroup.Administration, EndpointGroup.ConsolesApart, EndpointGroup.Monitoring, EndpointGroup.Console);

    /// <summary>Those without the controller's own console: browsers find nothing at its port.</summary>
    public static readonly EndpointGroups WithoutConsole = new(EndpointGroup.Nodes, EndpointGroup.Administration, EndpointGroup.ConsolesApart, EndpointGroup.Monitoring);

    /// <summary>The names of TLS clients that a group claims.</summary>
    public IEnumerable<string> ServerNames => groups.Select(group => group.ServerName).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>What a connection may reach.</summary>
    /// <param name="door">By which it came.</param>
    /// <param name="serverName">That its handshake asked for; empty: none.</param>
    public IEnumerable<EndpointGroup> At(Door door, string serverName)
    {
        var claimed = ServerNames.FirstOrDefault(name => string.Equals(name, serverName, StringComparison.OrdinalIgnoreCase));
        return groups.Where(group => group.Door == door && group.ServerName == claimed);
    }

    /// <summary>What a door must understand.</summary>
    public HttpProtocols ProtocolsAt(Door door) =>
        groups.Where(group => group.Door == door).Aggregate(HttpProtocols.None, (all, group) => all | group.Protocols);

    /// <summary>Maps every endpoint, marked with its group.</summary>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var group in groups)
            group.Map(endpoints).WithMetadata(group);
    }

    /// <summary>
    /// 404 for all that the connection may not reach. The endpoint that routing found decides, not the path: routing takes paths in any case, and a
    /// second reading of them could differ from its own.
    /// </summary>
    public Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var group = context.GetEndpoint()?.Metadata.GetMetadata<EndpointGroup>();
        if (group is not null && IsOpenTo(context, group))
            return next(context);
        // Nothing further down may choose an endpoint again.
        context.SetEndpoint(null);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private bool IsOpenTo(HttpContext context, EndpointGroup group) =>
        context.Features.Get<CameBy>() is { } came && At(came.Door, context.Features.Get<ITlsHandshakeFeature>()?.HostName ?? "").Contains(group)
        && group.Speaks(context.Request.Protocol) && HasSignedIn(context, group.SignIn);

    private static bool HasSignedIn(HttpContext context, SignIn signIn) => signIn switch
    {
        SignIn.ClientCertificate => context.Connection.ClientCertificate is not null,
        SignIn.LocalProcess => context.Features.Get<Actor>() is not null,
        _ => true,
    };
}
