using Meshover.Linux.Processes;
using Xunit;

namespace Meshover.UnitTests.Linux;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void Stat_CommWithBlanksAndParentheses_IsReadPastIt()
    {
        const string stat = "42 (a) b (c d) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 10 18446744073709551615";
        Assert.Equal(new ProcessStat('S', 987654), ProcessStat.TryParse(stat));
    }

    [Theory]
    [InlineData("")]
    [InlineData("42 (sh")]
    [InlineData("42 (sh) S 1 2 3")]
    public void Stat_CutOff_IsNothing(string stat) => Assert.Null(ProcessStat.TryParse(stat));

    [Fact]
    public void PidFile_WrittenAndRead_IsTheSameProcess()
    {
        var directory = Directory.CreateTempSubdirectory("meshover-test-");
        try
        {
            var file = Path.Combine(directory.FullName, "x.pid");
            ProcessIdentity.Current.WriteTo(file);
            Assert.Equal(ProcessIdentity.Current, ProcessIdentity.ReadLive(file));
            Assert.Single(directory.GetFiles());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void PidFile_OfAFormerProcessWithOurPid_IsNobody()
    {
        var file = Path.GetTempFileName();
        try
        {
            var former = ProcessIdentity.Current with { StartTime = 1 };
            former.WriteTo(file);
            Assert.Null(ProcessIdentity.ReadLive(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("-1 2 3")]
    [InlineData("1 2 x")]
    [InlineData("1 2 3 4")]
    public void PidFile_NoSenseInIt_IsNobody(string text) => Assert.Null(ProcessIdentity.TryParse(text));
}
