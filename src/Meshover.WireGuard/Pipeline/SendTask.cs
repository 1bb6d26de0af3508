namespace Meshover.WireGuard.Pipeline;

/// <summary>What the control thread asks the send worker to do for a peer.</summary>
internal enum SendTask
{
    /// <summary>Send an empty packet; if packets wait, those instead.</summary>
    Keepalive,

    /// <summary>There is a session: send what waits.</summary>
    SendStaged,

    /// <summary>There will be none: drop what waits.</summary>
    DropStaged,

    /// <summary>Send a packet that must not be fragmented on its way.</summary>
    Probe,
}
