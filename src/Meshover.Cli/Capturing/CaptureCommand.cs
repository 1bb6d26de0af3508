using System.CommandLine;
using Meshover.Cli.Administration;
using Meshover.Cli.CommandLine;
using Meshover.Cli.Hosting;
using Meshover.Cli.Status;
using Meshover.Linux.Capture;
using Meshover.Linux.Processes;

namespace Meshover.Cli.Capturing;

/// <summary><c>meshover capture</c>: packets of the mesh, as they are on the links or as they are sealed on the underlay, for Wireshark.</summary>
internal static class CaptureCommand
{
    private const int MostSnapLength = 262_144;
    private const long MostSeconds = 30 * 86_400;
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var node = new Argument<string?>("NODE") { Description = "Only what goes to and comes from this peer [default: all].", Arity = ArgumentArity.ZeroOrOne };
        var isSealed = new Option<bool>("--sealed") { Description = "WireGuard's packets on the underlay, instead of what is in them." };
        var output = new Option<string>("--output", "-o") { Description = "The file, which must not be there yet; - is standard output [default: -].", HelpName = "FILE", DefaultValueFactory = _ => "-" };
        var count = new Option<int?>("--count", "-c") { Description = "End after so many packets.", HelpName = "NUMBER" };
        var length = new Option<int>("--snaplen", "-s") { Description = "Keep so many bytes of a packet at most.", HelpName = "BYTES", DefaultValueFactory = _ => MostSnapLength };
        var duration = new Option<string>("--for") { Description = "End after that time: 30s, 5m.", HelpName = "DURATION" };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 1)
                result.AddError("--count takes a number from 1.");
        });
        length.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MostSnapLength)
                result.AddError($"--snaplen takes a number of bytes from 1 to {MostSnapLength}.");
        });
        var command = new ExampleCommand(
            "capture", "Writes what passes the links of this node, or with --sealed their WireGuard packets on the underlay, as pcapng, until interrupted. Works for both data planes. "
            + "Once all is open it gives up root's rights. Exit code: 0 also where there was nothing to capture.",
            "meshover capture web-1 | wireshark -k -i -", "meshover capture -c 10 | tcpdump -n -r -", "meshover capture --sealed --for 10s -o sealed.pcapng web-1")
        {
            node, isSealed, output, count, length, duration,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            DaemonHost.RequireRoot("capture", "opens packet sockets, which only root may");
            var wish = new CaptureWish(parsed.GetValue(node), parsed.GetValue(isSealed), parsed.GetValue(count), parsed.GetValue(length), AdminText.ReadDuration(parsed.GetValue(duration)));
            if (wish.Seconds > MostSeconds)
                throw new CliException("--for takes at most 30d.", ExitCode.Usage);
            var status = await new StatusCollector(parsed.Paths(), TimeProvider.System).CollectAsync(cancel);
            await RunAsync(wish, CaptureScope.Of(wish, status, PingZone(parsed)), parsed.GetRequiredValue(output), cancel);
        });
        return command;
    }

    private static string PingZone(ParseResult parsed) => Ways.PingCommand.Zone(parsed.Paths());

    private static async Task RunAsync(CaptureWish wish, CaptureScope scope, string file, CancellationToken cancel)
    {
        if (file == "-" && !Console.IsOutputRedirected)
            throw new CliException("Packets are nothing for a terminal: lead them to a program (`meshover capture | wireshark -k -i -`), or name a file with --output.", ExitCode.Usage);
        using var socket = scope.Open();
        await using var stream = file == "-" ? Console.OpenStandardOutput() : Create(file);
        GiveUp(file);
        await Console.Error.WriteLineAsync($"Capturing {scope.Describe()}; Ctrl-C ends it.");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (wish.Seconds > 0)
            end.CancelAfter(TimeSpan.FromSeconds(wish.Seconds));
        var capture = new PacketCapture(socket, scope, wish);
        var run = Task.Run(() => capture.Run(stream, end.Token), CancellationToken.None);
        await Task.WhenAny(run, OverAsync(end.Token));
        if (run.IsCompleted)
            await run; // what it failed by
        var lost = socket.TakeDrops();
        await Console.Error.WriteLineAsync($"{capture.Captured} packets captured{(lost > 0 ? $", {lost} more lost: they came more quickly than they could be written" : "")}.");
    }

    /// <summary>Where nobody reads what is written, writing does not end by itself.</summary>
    private static async Task OverAsync(CancellationToken interrupted)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, interrupted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(LastWrite, TimeProvider.System, CancellationToken.None);
    }

    private static void GiveUp(string file)
    {
        try
        {
            Privileges.Drop();
        }
        catch (ProcessException e)
        {
            if (file != "-")
                File.Delete(file);
            throw new CliException($"`meshover capture` gives up root's rights once all is open, and cannot ({e.Message}): a container needs the capabilities SETUID and SETGID for that, beside NET_RAW.", inner: e);
        }
    }

    private static FileStream Create(string file) => new(file, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
}

/// <summary>What is to be captured.</summary>
/// <param name="Node">Of this peer alone; null: of all.</param>
/// <param name="IsSealed">As it is on the underlay.</param>
/// <param name="Count">So many packets; null: without an end.</param>
/// <param name="SnapLength">Bytes of a packet.</param>
/// <param name="Seconds">How long; 0: until interrupted.</param>
internal sealed record CaptureWish(string? Node, bool IsSealed, int? Count, int SnapLength, long Seconds);
