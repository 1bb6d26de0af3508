using System.Globalization;
using Meshover.Bench.Streams;

namespace Meshover.Bench.Viewers;

// What the two programs say to each other, a line each:
//   to the viewers    the token by which they sign in; then any number of "see" and "first"; the end of the input: they leave
//   from the viewers  "here" when all pages live; "yes" to "see"; "first MEDIAN MOST", milliseconds, to "first"
// What goes wrong is told on the standard error, and ends the viewers' program.

/// <summary>The viewers, in a process of their own that the benchmark starts and puts on another processor (<see cref="ViewersElsewhere"/>).</summary>
internal static class ViewersProgram
{
    public const string Here = "here", See = "see", Yes = "yes", First = "first";
    private const int FirstPages = 20;
    private static readonly TimeProvider Time = TimeProvider.System;

    /// <returns>The exit status.</returns>
    public static async Task<int> RunAsync(string port, TextReader input, TextWriter output, TextWriter errors)
    {
        try
        {
            var token = await input.ReadLineAsync() ?? throw new InvalidOperationException("The viewers were given no token.");
            await using var crowd = await ViewerCrowd.OpenAsync(int.Parse(port, CultureInfo.InvariantCulture), token, CancellationToken.None);
            await output.WriteLineAsync(Here);
            while (await input.ReadLineAsync() is { } asked)
                await output.WriteLineAsync(await AnswerAsync(crowd, asked));
            await crowd.LeaveAsync(CancellationToken.None);
            return 0;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException or System.Net.WebSockets.WebSocketException)
        {
            await errors.WriteLineAsync($"meshover-bench viewers: {e.Message}");
            return 1;
        }
    }

    private static async Task<string> AnswerAsync(ViewerCrowd crowd, string asked)
    {
        if (asked == First)
            return await FirstAsync(crowd.First);
        crowd.RequireAllSee();
        return Yes;
    }

    private static async Task<string> FirstAsync(ViewerSession session)
    {
        var spent = new List<double>();
        for (var i = 0; i < FirstPages; i++)
        {
            var start = Time.GetTimestamp();
            var html = await session.GetAnewAsync("nodes", CancellationToken.None);
            spent.Add(Time.GetElapsedTime(start).TotalMilliseconds);
            if (!html.Contains("<tbody", StringComparison.Ordinal))
                throw new InvalidOperationException("The first page has no content: what was measured is not what it should be.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), Time);
        }
        return string.Create(CultureInfo.InvariantCulture, $"{First} {MapChanger.Percentile(spent, 0.5)} {spent.Max()}");
    }
}
