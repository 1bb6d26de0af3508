using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.Draining;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.LocalApi;

/// <summary>The words of declared announcements and of draining, as all who show them say them.</summary>
internal static class DeclaredWords
{
    public static string Of(FailoverRole? role) => role switch
    {
        FailoverRole.Active => "active",
        FailoverRole.Leaving => "leaving",
        FailoverRole.Standby => "standby",
        _ => "",
    };

    public static string Of(AnnounceMode mode) => mode switch
    {
        AnnounceMode.Anycast => "anycast",
        AnnounceMode.ActiveStandby => "active-standby",
        _ => "plain",
    };

    public static string Of(DrainState? drain) => drain?.Stage switch
    {
        null => "",
        DrainStage.HandingOver => "handing-over",
        DrainStage.LeastLiked => "least-liked",
        DrainStage.Withdrawing => "withdrawing",
        _ => "drained",
    };
}
