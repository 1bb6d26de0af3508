using System.Net;
using System.Net.Sockets;
using Meshover.Lab.Machines;

namespace Meshover.Lab.Reach;

/// <summary>A machine and the addresses at which the mesh must reach it.</summary>
public sealed record ReachPoint(Machine Machine, IPAddress Address4, IPAddress Address6)
{
    public string Name => Machine.Name;

    internal IPAddress Address(AddressFamily family) => family == AddressFamily.InterNetwork ? Address4 : Address6;
}
