using Meshover.Mesh.Findings;
using Meshover.Mesh.Map;

namespace Meshover.Agent.ControllerLink;

/// <summary>How the agent stands with its controllers, in status's words.</summary>
internal enum LinkState
{
    Connecting,
    Connected,

    /// <summary>None answers; tried again by itself.</summary>
    Unreachable,

    /// <summary>One answered and will not have us: an administrator must act.</summary>
    Refused,
}

/// <summary>What the link to the controller tells the main loop.</summary>
internal abstract record LinkEvent
{
    public sealed record StateChanged(LinkState State, string Controller, string Error) : LinkEvent
    {
        /// <summary>What is wrong; null: nothing, or it is known by the state alone.</summary>
        public FindingKind? Fault { get; init; }

        /// <summary>How far the controller's clock is ahead of ours, to a second or two; null: it did not say.</summary>
        public TimeSpan? ClockAhead { get; init; }
    }

    /// <summary>A whole new map: a snapshot, or the former one with a delta applied.</summary>
    public sealed record MapReceived(MeshMap Map) : LinkEvent;

    public sealed record CredentialReceived(string Jwt, long ExpiresUnix) : LinkEvent;

    /// <summary>Copied state, removal and the like: shown until the agent ends, the controller is heard anew, or says (by an empty text) that it is over.</summary>
    public sealed record NoticeReceived(string Kind, string Text) : LinkEvent;
}
