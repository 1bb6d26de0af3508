using System.Globalization;

namespace Meshover.Routing.Supervision;

/// <summary>What /proc says of a process that its own user cannot make up; null or empty where it ended meanwhile, or is hidden from us.</summary>
internal static class ProcFacts
{
    private const int NetAdmin = 12; // CAP_NET_ADMIN

    /// <summary>The first 15 bytes of its name.</summary>
    public static string? Name(int pid) => Read(pid, "comm")?.TrimEnd('\n');

    /// <summary>The program's own name first.</summary>
    public static string[] CommandLine(int pid) => Read(pid, "cmdline")?.Split('\0', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Its real user.</summary>
    public static uint? User(int pid) =>
        Status(pid, "Uid") is { } users && uint.TryParse(users.Split('\t')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var user) ? user : null;

    /// <summary>Whether it may change this machine's routes: a zebra that may not is none, whatever it calls itself.</summary>
    public static bool MayRoute(int pid) =>
        Status(pid, "CapPrm") is { } permitted
        && ulong.TryParse(permitted, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var capabilities)
        && (capabilities & (1UL << NetAdmin)) != 0
        && UserNamespace($"{pid}") == UserNamespace("self");

    private static string? Status(int pid, string field) =>
        Read(pid, "status")?.Split('\n').FirstOrDefault(line => line.StartsWith(field + ":", StringComparison.Ordinal))?[(field.Length + 1)..].Trim();

    /// <summary>The namespace in which it has its number: one of a container has its own.</summary>
    /// <param name="process">A number, or <c>self</c>.</param>
    public static string? ProcessNamespace(string process) => Namespace(process, "pid");

    // In a user namespace of its own anybody has every capability, and none of them counts here.
    private static string? UserNamespace(string process) => Namespace(process, "user");

    private static string? Namespace(string process, string kind)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/{kind}").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
