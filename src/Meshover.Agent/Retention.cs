using Meshover.Mesh.Map;

namespace Meshover.Agent;

/// <summary>
/// Nodes that the map of a restored backup lacks are kept for a while: they may have joined after it was made, and are told anew when they
/// have shown their credentials.
/// </summary>
internal static class Retention
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10);

    /// <summary>Whether they are of one mesh, whichever store tells of it: a map that was left by another mesh has nothing to do with this one.</summary>
    public static bool IsOneMesh(MeshSettings a, MeshSettings b) => a.CaPins.Intersect(b.CaPins, StringComparer.Ordinal).Any();

    /// <summary>The state that hears of a map, maybe of another store than before.</summary>
    public static AgentState WithTold(this AgentState state, MeshMap map, TimeSpan now) =>
        state is { Told: { } former, Map: { } whole } && former.StoreId != map.StoreId && IsOneMesh(former.Settings, map.Settings)
            ? (state with { RetainUntil = now + Lasts }).WithMap(map, whole)
            : state.WithMap(map, state.Retained);

    /// <summary>The state with what a former agent retained, if that is not over.</summary>
    /// <param name="retained">As read from the disk.</param>
    /// <param name="age">Since it was written.</param>
    public static AgentState WithRetained(this AgentState state, MeshMap? retained, TimeSpan age, TimeSpan now)
    {
        var left = age < TimeSpan.Zero ? Lasts : Lasts - age;
        return state.Told is { } told && retained is not null && left > TimeSpan.Zero && IsOneMesh(told.Settings, retained.Settings)
            ? (state with { RetainUntil = now + left }).WithMap(told, retained)
            : state;
    }

    /// <summary>The state without what was retained for long enough.</summary>
    public static AgentState WithoutExpired(this AgentState state, TimeSpan now) =>
        state is { Retained: not null, Told: { } told } && state.RetainUntil <= now ? state.WithMap(told, retained: null) : state;
}
