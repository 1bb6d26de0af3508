using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Meshover.Linux.Processes;

/// <summary>Whose a TCP connection of this network namespace is, as <c>/proc/net/tcp</c> and <c>tcp6</c> show it (proc(5)).</summary>
public static class SocketUser
{
    /// <summary>The first number that people's users have (SYS_UID_MAX + 1 of Debian's login.defs).</summary>
    public const uint FirstOfPeople = 1000;

    // Fields: sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
    private const int LocalAddress = 1;
    private const int RemoteAddress = 2;
    private const int State = 3;
    private const int User = 7;

    // What is left of a connection whose program closed it is shown as root's.
    private const string Established = "01";
    private static readonly string[] Tables = ["/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"];

    public static bool IsOfTheSystem(uint user) => user < FirstOfPeople;

    /// <param name="local">The end of the socket that is asked for.</param>
    /// <param name="remote">Its other end.</param>
    /// <returns>The user's number as this namespace sees it; null where no open socket here has these ends.</returns>
    public static uint? Of(IPEndPoint local, IPEndPoint remote)
    {
        var ends = new[] { (Text(local), Text(remote)), (Text(Mapped(local)), Text(Mapped(remote))) };
        foreach (var fields in Tables.SelectMany(Lines).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (fields.Length > User && fields[State] == Established && ends.Contains((fields[LocalAddress], fields[RemoteAddress])) && uint.TryParse(fields[User], NumberStyles.None, CultureInfo.InvariantCulture, out var user))
                return user;
        }
        return null;
    }

    private static IPEndPoint Mapped(IPEndPoint end) => end.AddressFamily == AddressFamily.InterNetwork
        ? new IPEndPoint(end.Address.MapToIPv6(), end.Port)
        : new IPEndPoint(end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address, end.Port);

    // Each four bytes of the address as a number in the order of the processor; the port as a number.
    private static string Text(IPEndPoint end) =>
        string.Concat(MemoryMarshal.Cast<byte, uint>(end.Address.GetAddressBytes()).ToArray().Select(word => word.ToString("X8", CultureInfo.InvariantCulture)))
        + string.Create(CultureInfo.InvariantCulture, $":{end.Port:X4}");

    private static IEnumerable<string> Lines(string file)
    {
        try
        {
            return File.ReadLines(file).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // a kernel without this family
        }
    }
}
