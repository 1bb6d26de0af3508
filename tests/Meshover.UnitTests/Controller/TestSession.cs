using System.Net;
using Meshover.Contract.V1;
using Meshover.Controller.Live;
using Xunit;

namespace Meshover.UnitTests.Controller;

/// <summary>A node's stream, as the controller has it.</summary>
internal static class TestSession
{
    /// <summary>Opens one, whose node says this of itself.</summary>
    public static NodeSession Open(LiveNodes live, uint node, ReportedState report)
    {
        var session = new NodeSession(node, "A", "0.1.0", IPAddress.Parse("192.0.2.1"));
        live.Open(session, report);
        return session;
    }

    /// <summary>The texts of what was sent to it, all of which are notices of that kind.</summary>
    public static List<string> Told(this NodeSession session, Notice.Types.Kind kind)
    {
        var told = new List<string>();
        while (session.Outbox.TryRead(out var message))
        {
            Assert.Equal(kind, message.Notice.Kind);
            told.Add(message.Notice.Text);
        }
        return told;
    }
}
