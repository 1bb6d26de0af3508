using System.Diagnostics;
using Grpc.Core;
using Meshover.Telemetry.Tracing;
using Xunit;

namespace Meshover.UnitTests.Telemetry;

public sealed class TracesTests
{
    [Fact]
    public void Call_WithoutACollector_MakesNoSpan()
    {
        Assert.Null(Traces.Start(collector: null, "a", "b", "c"));
        using var only = Listen(_ => false);
        Assert.Null(Traces.Call("/a/b", ActivityKind.Client));
        Traces.End(null, 0);
    }

    [Fact]
    public void Call_OfAnotherProgram_GoesOnWithItsTrace_AndSaysHowItEnded()
    {
        using var all = Listen(_ => true);
        var client = Traces.Call("/meshover.v1.MeshService/Enroll", ActivityKind.Client)!;
        var server = Traces.Call("/meshover.v1.MeshService/Enroll", ActivityKind.Server, client.Id)!;
        Assert.Equal((client.TraceId, client.SpanId), (server.TraceId, server.ParentSpanId));
        Assert.Equal("meshover.v1.MeshService/Enroll", server.DisplayName);
        Assert.Equal(("meshover.v1.MeshService", "Enroll"), (server.GetTagItem("rpc.service"), server.GetTagItem("rpc.method")));
        Traces.End(server, (int)StatusCode.PermissionDenied, "refused");
        Traces.End(client, 0);
        Assert.Equal((ActivityStatusCode.Error, "refused"), (server.Status, server.StatusDescription));
        Assert.Equal(ActivityStatusCode.Unset, client.Status);
        // What is no trace context begins a trace of its own.
        var other = Traces.Call("/a/b", ActivityKind.Server, "nonsense")!;
        Assert.NotEqual(client.TraceId, other.TraceId);
        Traces.End(other, 0);
    }

    /// <summary>As ASP.NET Core makes one of each request: it is sent nowhere.</summary>
    [Fact]
    public void Step_InAnActivityOfTheServer_HangsOnWhoeverCalled()
    {
        using var all = Listen(_ => true);
        var agent = ActivityContext.Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", null);
        using var request = new Activity("request").SetParentId(agent.TraceId, agent.SpanId, agent.TraceFlags).Start();
        var step = Traces.Step("change node.update")!;
        Assert.Equal((agent.TraceId, agent.SpanId), (step.TraceId, step.ParentSpanId));
        step.Dispose();
        Activity.Current = new Activity("request of nobody").Start();
        var alone = Traces.Step("change node.tag")!;
        Assert.Equal(default, alone.ParentSpanId);
        alone.Dispose();
        Activity.Current = null;
    }

    private static ActivityListener Listen(Func<ActivitySource, bool> wants)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Traces.SourceName && wants(source),
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
