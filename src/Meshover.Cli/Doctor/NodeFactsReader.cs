using System.Collections.Immutable;
using System.Net;
using Google.Protobuf;
using Meshover.Agent.Configuration;
using Meshover.Cli.Hosting;
using Meshover.Cli.Supervision;
using Meshover.Contract.V1;
using Meshover.Linux.Processes;
using Meshover.Mesh.Planning;

namespace Meshover.Cli.Doctor;

/// <summary>What this node is, from its settings and the map on disk.</summary>
internal sealed class NodeFactsReader(NodePaths paths)
{
    /// <summary>Those of a mesh that was made without saying other ones.</summary>
    private static readonly ImmutableArray<(string, IPNetwork)> DefaultPools =
    [
        ("pool of IPv4 addresses", IPNetwork.Parse("10.249.0.0/16")),
        ("pool of tunnel addresses", IPNetwork.Parse("198.18.0.0/15")),
    ];

    public NodeFacts Read(AgentConfig config)
    {
        var mesh = ReadMap()?.Settings;
        var node = new NodeFacts
        {
            Settings = new NodeSettings { ListenPort = config.ListenPort, Announce = [.. config.Announce], Dataplane = config.Dataplane != DataplaneChoice.Off },
            IsUp = ProcessIdentity.ReadLive(paths.PidFile(DaemonNames.Agent)) is not null,
            Pools = DefaultPools,
        };
        return mesh is null ? node : node with
        {
            KnowsMesh = true,
            BgpPort = (int)mesh.BgpPort,
            Pools =
            [
                ("pool of IPv4 addresses", IPNetwork.Parse(mesh.Pool4)),
                ("pool of IPv6 addresses", IPNetwork.Parse(mesh.Pool6)),
                ("pool of tunnel addresses", IPNetwork.Parse(mesh.TunnelPool)),
            ],
        };
    }

    /// <summary>Null where there is none, or it is damaged (the agent says so).</summary>
    private MeshSnapshot? ReadMap()
    {
        try
        {
            return File.Exists(paths.MapFile) ? MeshSnapshot.Parser.ParseFrom(File.ReadAllBytes(paths.MapFile)) : null;
        }
        catch (Exception e) when (e is IOException or InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
