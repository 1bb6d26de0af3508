using Meshover.Console.Hosting;
using Meshover.Controller.Api;
using Meshover.Controller.Console.Apart;
using Meshover.Mesh.Trust;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Meshover.Controller.Hosting;

/// <summary>Where connections come in.</summary>
internal enum Door
{
    /// <summary>The TCP port, with TLS.</summary>
    Network,

    /// <summary>The admin socket, for root on this machine.</summary>
    AdminSocket,

    /// <summary>Another TCP port, without TLS: nothing can be changed by it.</summary>
    Monitoring,
}

/// <summary>How it is known who calls.</summary>
internal enum SignIn
{
    /// <summary>By the key of a client certificate; the handshake ends without one.</summary>
    ClientCertificate,

    /// <summary>By the process at the other end of the socket, whose file's mode said who may.</summary>
    LocalProcess,

    /// <summary>The connection asks for nothing; what the endpoint itself asks for is its own affair.</summary>
    ByEndpoint,
}

/// <summary>
/// Endpoints of the controller that are served the same way: at which door, under which name, by which protocols and to whom. What is here is all that
/// there is to say: listeners, TLS and the gate follow it (<see cref="EndpointGroups"/>).
/// </summary>
internal sealed record EndpointGroup
{
    public static readonly EndpointGroup Nodes = new()
    {
        Name = "nodes",
        Door = Door.Network,
        ServerName = ContractRevision.ServerName,
        Protocols = HttpProtocols.Http2,
        SignIn = SignIn.ClientCertificate,
        Map = endpoints => endpoints.MapGrpcService<MeshApi>(),
    };

    public static readonly EndpointGroup Administration = new()
    {
        Name = "administration",
        Door = Door.AdminSocket,
        Protocols = HttpProtocols.Http2,
        SignIn = SignIn.LocalProcess,
        Map = endpoints => endpoints.MapGrpcService<AdminApi>(),
    };

    public static readonly EndpointGroup Monitoring = new()
    {
        Name = "monitoring",
        Door = Door.Monitoring,
        Protocols = HttpProtocols.Http1,
        SignIn = SignIn.ByEndpoint,
        Map = Scraping.Monitoring.Map,
    };

    /// <summary>For browsers, which are asked for no certificate; it has its own way of signing in. Their WebSockets go by HTTP/1.1.</summary>
    public static readonly EndpointGroup Console = new()
    {
        Name = "console",
        Door = Door.Network,
        Protocols = HttpProtocols.Http1,
        SignIn = SignIn.ByEndpoint,
        Map = endpoints => endpoints.MapMeshConsole(ConsoleFiles.Manifest),
    };

    /// <summary>For consoles that run apart; who has the socket is an administrator, as for the group of that name.</summary>
    public static readonly EndpointGroup ConsolesApart = new()
    {
        Name = "consoles apart",
        Door = Door.AdminSocket,
        Protocols = HttpProtocols.Http2,
        SignIn = SignIn.LocalProcess,
        Map = PortApi.Map,
    };

    public required string Name { get; init; }
    public required Door Door { get; init; }

    /// <summary>
    /// The name that a TLS client must ask for (SNI), which the mesh's own authority vouches for; null: any that no group claims, which are the
    /// operator's.
    /// </summary>
    public string? ServerName { get; init; }

    /// <summary>Browsers' WebSockets need HTTP/1.1.</summary>
    public required HttpProtocols Protocols { get; init; }
    public required SignIn SignIn { get; init; }

    /// <summary>Puts the group's endpoints where routing finds them.</summary>
    public required Func<IEndpointRouteBuilder, IEndpointConventionBuilder> Map { get; init; }

    /// <param name="protocol">Of a request, e.g. <c>HTTP/2</c>.</param>
    public bool Speaks(string protocol) =>
        Protocols.HasFlag(HttpProtocol.IsHttp2(protocol) ? HttpProtocols.Http2 : HttpProtocol.IsHttp3(protocol) ? HttpProtocols.Http3 : HttpProtocols.Http1);
}
