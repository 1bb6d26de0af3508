namespace Meshover.Bench;

/// <summary>What a process of a node is called in a table.</summary>
internal static class DaemonName
{
    /// <summary>Those of `meshover` by the command that they run (agent, dataplane, routing, …), whatever the program's file is called; others by their name.</summary>
    public static string Of(int id, string name) => name.StartsWith("meshover", StringComparison.Ordinal)
        ? File.ReadAllText($"/proc/{id}/cmdline").Split('\0')[1..].FirstOrDefault(word => !word.StartsWith('-')) ?? name
        : name;
}
