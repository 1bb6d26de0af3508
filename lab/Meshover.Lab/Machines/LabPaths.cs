namespace Meshover.Lab.Machines;

/// <summary>Where a lab keeps its things: all under /run/meshover-lab/PREFIX, a tmpfs of its own that goes whole.</summary>
public sealed record LabPaths(string Prefix)
{
    public const string Root = "/run/meshover-lab";

    public string State => Path.Combine(Root, Prefix);

    /// <summary>What the lab is made of, for the commands that come after `up`.</summary>
    public string Description => Path.Combine(State, "lab.json");
    internal string NeighbourLimits => Path.Combine(State, "neighbour-limits");
    internal string Machines => Path.Combine(State, "machines");
    internal string MachineDirectory(string name) => Path.Combine(Machines, name);
}
