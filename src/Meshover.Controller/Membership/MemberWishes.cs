using System.Collections.Immutable;
using Meshover.Controller.State;

namespace Meshover.Controller.Membership;

/// <summary>What a running member wants to be called and known by. It gets what it can have, and keeps what it has otherwise. Pure.</summary>
internal static class MemberWishes
{
    /// <returns>Why it did not get all, for its operator; empty where it did.</returns>
    public static string Grant(Draft draft, StoredNode node, string hostName, ImmutableArray<string> wireGuardKeys)
    {
        var noName = node.HostName == hostName ? null : Enrolment.WhyNotNamed(draft, node, hostName);
        var noKeys = wireGuardKeys.Except(node.WireGuardKeys).Select(key => Claims.WhyNotKeyed(draft, key)).FirstOrDefault(why => why is not null);
        Enrolment.Update(draft, node, noName is null ? hostName : node.HostName, noKeys is null ? wireGuardKeys : node.WireGuardKeys);
        return string.Join(" ", ((string?[])[noName, noKeys]).OfType<string>());
    }
}
