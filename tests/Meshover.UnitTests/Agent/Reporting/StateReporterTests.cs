using Meshover.Agent;
using Meshover.Agent.Configuration;
using Meshover.Agent.Reporting;
using Meshover.Agent.Trust;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Meshover.UnitTests.Agent.Reporting;

public sealed class StateReporterTests
{
    [Theory]
    [InlineData(null, "n1")]
    [InlineData("other", "other")]
    public void Report_HostName_IsThatOfTheSettingsElseTheOneThatItHas(string? setting, string expected)
    {
        var time = new FakeTimeProvider();
        var identities = new IdentityKeeper(new IdentityStore("/nonexistent"), IdentityFactory.Create("n1", time), NullLogger.Instance);

        var report = new StateReporter(AgentConfig.Default with { HostName = setting }, identities, time, _ => null).Report(new AgentState());

        Assert.Equal(expected, report.HostName);
    }
}
