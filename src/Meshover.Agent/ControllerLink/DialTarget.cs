using System.Net;
using Meshover.Mesh.Addressing;

namespace Meshover.Agent.ControllerLink;

/// <summary>One address of one controller.</summary>
internal sealed record DialTarget(HostPort Controller, IPAddress Address)
{
    public IPEndPoint EndPoint => new(Address, Controller.Port);
}
