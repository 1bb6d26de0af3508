using System.Collections.Immutable;
using System.Globalization;
using Meshover.Agent.Announcing.Declared;
using Meshover.Agent.ControllerLink.Queries;
using Meshover.Agent.Draining;
using Meshover.Contract.V1;

namespace Meshover.Agent.LocalApi;

/// <summary>
/// What an administrator orders by the controller, done as the local API does it. It may do less: of announcements no check can be ordered, as what a node runs
/// and asks is its own operator's, and nothing that is declared on the node already is replaced (docs/decisions/103).
/// </summary>
internal sealed class NodeOrders(DrainKeeper drain, AnnouncementDesk announcements)
{
    private const long LongestLifetime = 10L * 365 * 24 * 3600; // seconds

    public ImmutableDictionary<NodeQuestion.KindOneofCase, QueryHandler> Handlers => ImmutableDictionary.CreateRange(new Dictionary<NodeQuestion.KindOneofCase, QueryHandler>
    {
        [NodeQuestion.KindOneofCase.Drain] = (order, _, _) => Task.FromResult(Obey(order.Drain)),
        [NodeQuestion.KindOneofCase.Announce] = (order, _, ct) => ObeyAsync(order.Announce, ct),
        [NodeQuestion.KindOneofCase.Withdraw] = (order, _, _) => Task.FromResult(Obey(order.Withdraw)),
    });

    /// <summary>What the order says, as the settings would: one reader judges both, and a quote in a value ends nothing.</summary>
    internal static string Declaration(AnnounceOrder order)
    {
        (string Key, string Value)[] said =
        [
            ("prefix", order.Prefix), ("mode", order.Mode),
            ("priority", order.Priority == 0 ? "" : order.Priority.ToString(CultureInfo.InvariantCulture)), ("address", order.Routed ? "false" : ""),
        ];
        return $"{{{string.Join(", ", said.Where(one => one.Value.Length > 0).Select(one => $"{one.Key}: '{one.Value.Replace("'", "''", StringComparison.Ordinal)}'"))}}}";
    }

    // What cannot be remembered is told the asker, here and below.
    private NodeAnswer Obey(DrainOrder order)
    {
        if (order.On)
            drain.Drain(isForStop: false);
        else
            drain.Undrain();
        return new NodeAnswer { Drain = new DrainAnswer() };
    }

    private async Task<NodeAnswer> ObeyAsync(AnnounceOrder order, CancellationToken cancellationToken)
    {
        if (order.LifetimeSeconds is < 0 or > LongestLifetime)
            throw new AgentException($"{order.LifetimeSeconds} s is no time for which something can be announced: 0 to {LongestLifetime}.");
        TimeSpan? lifetime = order.LifetimeSeconds > 0 ? TimeSpan.FromSeconds(order.LifetimeSeconds) : null;
        var status = await announcements.AnnounceAsync(Declaration(order), lifetime, replaces: false, cancellationToken);
        return new NodeAnswer { Announce = new AnnounceAnswer { Announced = status.IsAnnounced, Role = DeclaredWords.Of(status.Role), Reason = status.Reason } };
    }

    private NodeAnswer Obey(WithdrawOrder order)
    {
        announcements.Withdraw(order.Prefix);
        return new NodeAnswer { Withdraw = new WithdrawAnswer() };
    }
}
