using System.Globalization;
using System.Net.Sockets;

namespace Meshover.Linux.Processes;

/// <summary>The process that has a port of this network namespace, as /proc shows it.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="Name">Such as <c>bird</c>.</param>
public sealed record PortOwner(int Pid, string Name)
{
    // proc(5), /proc/net/tcp: the state of a socket that listens.
    private const string Listening = "0A";

    // Its fields: sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
    private const int LocalAddress = 1;
    private const int State = 3;
    private const int Inode = 9;

    /// <param name="protocol">TCP (who listens) or UDP.</param>
    /// <param name="port">In host order.</param>
    /// <returns>Null where nobody has it, or whoever has it is hidden from us (another pid namespace, another user).</returns>
    public static PortOwner? Find(ProtocolType protocol, int port)
    {
        var sockets = Tables(protocol).SelectMany(Lines).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > Inode && IsOf(fields, protocol, port))
            .Select(fields => $"socket:[{fields[Inode]}]").ToHashSet();
        return sockets.Count == 0 ? null : Pids().Where(pid => Links(pid).Any(sockets.Contains)).Select(Named).FirstOrDefault();
    }

    /// <summary>For a message: who has the port, or how to find out.</summary>
    public static string Describe(ProtocolType protocol, int port) => Find(protocol, port) is { } owner
        ? $"{owner.Name} (process {owner.Pid})"
        : $"another program (`ss -l{(protocol == ProtocolType.Tcp ? 't' : 'u')}np` shows which)";

    // Of the thread, whose network namespace need not be the process's.
    private static string[] Tables(ProtocolType protocol) => protocol == ProtocolType.Tcp
        ? ["/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"]
        : ["/proc/thread-self/net/udp", "/proc/thread-self/net/udp6"];

    private static bool IsOf(string[] fields, ProtocolType protocol, int port) =>
        fields[LocalAddress].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{port:X4}"), StringComparison.Ordinal)
        && (protocol != ProtocolType.Tcp || fields[State] == Listening);

    private static PortOwner Named(int pid) => new(pid, Lines($"/proc/{pid}/comm").FirstOrDefault() ?? "a program");

    private static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Select(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(pid => pid > 0);

    private static IEnumerable<string> Links(int pid)
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Select(descriptor => descriptor.LinkTarget).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it ended meanwhile, or is hidden from us
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // a kernel without this family, or a process that ended
        }
    }
}
