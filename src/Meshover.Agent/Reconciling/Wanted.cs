using Meshover.Agent.Trust;
using Meshover.Mesh.Planning;

namespace Meshover.Agent.Reconciling;

/// <summary>
/// What the components are to be, and since when (docs/decisions/045). The generation counts the plans, and the changes of the WireGuard
/// keys, since the agent's start.
/// </summary>
internal sealed record Wanted
{
    public const string Routing = "routing";
    public const string Dataplane = "dataplane";
    public const string Kernel = "kernel";

    /// <summary>All that work by the plan.</summary>
    public static readonly string[] Components = [Dataplane, Kernel, Routing];

    /// <summary>0: nothing yet.</summary>
    public long Generation { get; private init; }
    public NodePlan? Plan { get; private init; }
    public KeyChange? Keys { get; private init; }

    /// <summary>The generation in which what the data plane and the kernel are to be changed last.</summary>
    public long SystemSince { get; private init; }

    /// <summary>The same of what FRR is to do.</summary>
    public long RoutingSince { get; private init; }

    /// <summary>The same of the keys alone.</summary>
    public long KeysSince { get; private init; }

    public long Since(string component) => component == Routing ? RoutingSince : SystemSince;

    /// <summary>With a newer plan and the keys of now; itself where both are the same.</summary>
    /// <param name="plan">Null: there is none yet.</param>
    public Wanted With(NodePlan? plan, KeyChange? keys)
    {
        if (plan is null || (ReferenceEquals(plan, Plan) && keys == Keys))
            return this;
        var next = Generation + 1;
        return new Wanted
        {
            Generation = next,
            Plan = plan,
            Keys = keys,
            KeysSince = keys == Keys ? KeysSince : next,
            SystemSince = keys == Keys && plan.ForSystem == Plan?.ForSystem ? SystemSince : next,
            RoutingSince = plan.ForRouting == Plan?.ForRouting ? RoutingSince : next,
        };
    }
}
