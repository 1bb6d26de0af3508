using Meshover.WireGuard.Io;
using Meshover.WireGuard.Pipeline;
using Meshover.WireGuard.Session;

namespace Meshover.WireGuard.Control;

/// <summary>
/// The device of a plain WireGuard. Its user sets it up and down and chooses its MTU; the engine follows, as the kernel's does: while it
/// is down there are no sessions. Control thread.
/// </summary>
internal sealed class PlainDevice(string name, EngineDevices devices, SessionManager sessions, PipelineState state)
{
    /// <summary>Somebody deleted it.</summary>
    public bool IsGone => state.Main is TunPort { IsLost: true };

    public void Follow()
    {
        var present = state.Main is null ? null : devices.Read(name);
        sessions.IsRunning = present?.IsUp == true;
        if (present is { Mtu: var mtu })
            state.Mtu = mtu;
    }
}
