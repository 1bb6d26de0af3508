using System.Text.Json;
using Meshover.Cli.Doctor;
using Spectre.Console;
using Xunit;

namespace Meshover.UnitTests.Cli.Doctor;

public sealed class DoctorOutputTests
{
    [Fact]
    public void Schema_IsTheOneInDocs() =>
        GoldenFile.Equal("../../../../docs/doctor.schema.json", JsonSchemaText.Of(DoctorJson.Default.Options, typeof(DoctorDocument)));

    [Fact]
    public void Text_Findings_ReadAsExpected()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 1000;

        DoctorText.Write(console, Sample());

        GoldenFile.Equal("../Golden/doctor.txt", text.ToString());
    }

    [Fact]
    public void Json_Findings_ReadAsExpected() =>
        GoldenFile.Equal("../Golden/doctor.json", JsonSerializer.Serialize(Sample(), DoctorJson.Default.DoctorDocument) + "\n");

    private static DoctorDocument Sample() => Examination.Examine(Machine.Fine().With(Machine.Route("10.249.5.0/24")) with
    {
        DisablesIpv6 = true,
        LegacyDocker = [new LegacyDocker("iptables", DropsForwarding: true, HasOurRules: false)],
    }) with
    { Version = "1.2.3" };
}
